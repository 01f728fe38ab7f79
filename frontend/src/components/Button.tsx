import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "wouter";
import { Icon, type IconName } from "./Icon";

type Kind = "primary" | "plain" | "quiet" | "danger";
interface Look {
  kind?: Kind;
  icon?: IconName;
  /** Only the icon is drawn; the children name it. */
  iconOnly?: boolean;
  small?: boolean;
}

interface ButtonProps extends Look, ButtonHTMLAttributes<HTMLButtonElement> {
  /** Under way: the button stays focusable and says so, and presses do nothing. */
  busy?: boolean;
}

export function Button({ busy = false, onClick, className, ...rest }: ButtonProps) {
  const { kind, icon, iconOnly, small, children, type = "button", ...given } = rest;
  return (
    <button
      {...given}
      type={type}
      className={classOf({ kind, iconOnly, small }, className)}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      <Face icon={icon} iconOnly={iconOnly} busy={busy}>
        {children}
      </Face>
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({
  className,
  ...rest
}: Look & { to: string } & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href">) {
  const { kind, icon, iconOnly, small, children, ...given } = rest;
  return (
    <Link {...given} className={classOf({ kind, iconOnly, small }, className)}>
      <Face icon={icon} iconOnly={iconOnly}>
        {children}
      </Face>
    </Link>
  );
}

function Face(props: { icon?: IconName; iconOnly?: boolean; busy?: boolean; children?: ReactNode }) {
  return (
    <>
      {props.busy ? <span className="spinner" /> : props.icon && <Icon name={props.icon} size={18} />}
      {props.children != null && (
        <span className={props.iconOnly ? "unseen" : undefined}>{props.children}</span>
      )}
    </>
  );
}

function classOf({ kind = "plain", iconOnly, small }: Look, more?: string): string {
  const parts = ["button", `button-${kind}`, iconOnly && "button-icon", small && "button-small", more];
  return parts.filter(Boolean).join(" ");
}
