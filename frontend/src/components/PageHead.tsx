import type { ReactNode } from "react";

/** What a page is, what one does there, and what can be done at once. */
export function PageHead(props: { title: ReactNode; lead?: ReactNode; children?: ReactNode }) {
  return (
    <header className="page-head">
      <div>
        <h1>{props.title}</h1>
        {props.lead && <p className="soft">{props.lead}</p>}
      </div>
      {props.children}
    </header>
  );
}
