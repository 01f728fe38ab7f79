import type { ReactNode } from "react";
import { Trans, useLingui } from "@lingui/react/macro";
import { asProblem, OFFLINE } from "@/lib/problem";
import { Button } from "./Button";
import { useFaultWords } from "./faultWords";
import { Faults } from "./Field";
import { useProblemWords } from "./problemWords";
import { Icon, type IconName } from "./Icon";

/** Nothing is here, why, and what to do about it. */
export function EmptyState(props: {
  icon: IconName;
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
  /** 1 where it stands for the whole page, 3 inside a part that has a heading. */
  level?: 1 | 2 | 3;
}) {
  const Heading = `h${props.level ?? 2}` as const;
  return (
    <div className="state">
      <span className="state-icon">
        <Icon name={props.icon} size={28} />
      </span>
      <Heading>{props.title}</Heading>
      {props.children && <p>{props.children}</p>}
      {props.action}
    </div>
  );
}

/** A view that could not be read: what the API says of it, and the way on. */
export function ErrorState(props: { error: unknown; onRetry?: () => void; level?: 1 | 2 }) {
  const { error, onRetry } = props;
  const Heading = props.level === 1 ? "h1" : "h2";
  const problem = asProblem(error);
  const { title, detail } = useProblemWords()(problem);
  return (
    <div className="state" role="alert">
      <span className="state-icon" data-tone="bad">
        <Icon name={problem.code === OFFLINE ? "unplugged" : "alert"} size={28} />
      </span>
      <Heading>{title}</Heading>
      <p>{detail}</p>
      <ProblemFoot error={error} />
      {onRetry && (
        <Button kind="primary" icon="retry" onClick={onRetry}>
          <Trans>Try again</Trans>
        </Button>
      )}
    </div>
  );
}

/** A refusal in the place where something was tried. */
export function ProblemNote({ error, children }: { error: unknown; children?: ReactNode }) {
  const problem = asProblem(error);
  const words = useFaultWords();
  const { title, detail } = useProblemWords()(problem);
  const { faults } = problem;
  return (
    <div className="note" data-tone="bad" role="alert">
      <Icon name="alert" />
      <div>
        <p className="note-title">{title}</p>
        {faults.length > 0 && <Faults faults={faults.map((fault) => words(fault))} />}
        {faults.length === 0 && (
          <p>
            {problem.code === OFFLINE ? (
              <Trans>Nothing is lost: send it again when you are connected. It is published once.</Trans>
            ) : (
              detail
            )}
          </p>
        )}
        {problem.document.remedy && <p>{problem.document.remedy}</p>}
        <ProblemFoot error={error} />
        {children}
      </div>
    </div>
  );
}

function ProblemFoot({ error }: { error: unknown }) {
  const { document, retryAfterSeconds } = asProblem(error);
  return (
    <>
      {retryAfterSeconds !== null && (
        <p>
          <Trans>Try again in {retryAfterSeconds} seconds.</Trans>
        </p>
      )}
      {document.correlation_id && (
        <p className="faint">
          <Trans>
            Reference <code>{document.correlation_id}</code>
          </Trans>
        </p>
      )}
    </>
  );
}

/** Something worth knowing in the place where it matters. */
export function Note(props: { tone?: "info" | "warn" | "good"; icon?: IconName; title?: ReactNode; children?: ReactNode }) {
  return (
    <div className="note" data-tone={props.tone ?? "info"}>
      <Icon name={props.icon ?? (props.tone === "warn" ? "alert" : "info")} />
      <div>
        {props.title && <p className="note-title">{props.title}</p>}
        {props.children && <div>{props.children}</div>}
      </div>
    </div>
  );
}

/** The shape of what is coming, so that nothing jumps when it is there. */
export function Skeleton({ lines = 4 }: { lines?: number }) {
  const { t } = useLingui();
  return (
    <div className="skeleton" role="status" aria-label={t`Loading`}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className="skeleton-line" />
      ))}
    </div>
  );
}
