import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import { Icon, Mark, type IconName } from "@/components/Icon";
import { useListing } from "@/lib/listing";
import { meQuery } from "@/lib/queries";
import { useApi, useLiveMode } from "@/lib/product";
import { isManager } from "@/lib/roles";
import { ProfileMenu } from "./ProfileMenu";
import { Pages, usePageName } from "./routes";

const PRODUCT = "Omnichannel Publisher";

/** The frame around every page: where one can go, who one is, whether the line is up. */
export function Shell() {
  const main = useRef<HTMLElement>(null);
  const [pathname] = useLocation();
  const name = usePageName(pathname);
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return (
    <div className="shell">
      <a className="button button-primary skip" href="#main">
        <Trans>Skip to the content</Trans>
      </a>
      <header className="frame">
        <div className="top">
          <Brand />
          <span className="grow" />
          <LiveIndicator />
          <ProfileMenu />
        </div>
        <div className="side">
          <Brand />
          <Navigation />
          <div className="side-foot">
            <LiveIndicator />
            <ProfileMenu />
          </div>
        </div>
      </header>
      <title>{name === null ? PRODUCT : `${name} · ${PRODUCT}`}</title>
      <main className="main" id="main" ref={main} tabIndex={-1} aria-label={name ?? undefined}>
        <OfflineBar />
        <Pages at={pathname} />
      </main>
    </div>
  );
}

function Brand() {
  return (
    <Link className="brand" to="/">
      <Mark />
      <span>
        <b>Omnichannel</b> Publisher
      </span>
    </Link>
  );
}

interface Place {
  to: string;
  icon: IconName;
  label: string;
  /** How many wait there for somebody. */
  waiting?: number;
}

function Navigation() {
  const { t } = useLingui();
  const [here] = useLocation();
  const { data: me } = useQuery(meQuery(useApi()));
  const manages = isManager(me?.role);
  const waiting = useListing({ scope: "all", status: "pending_review" }, manages).items.length;
  const decides = manages && (me?.approval_required || waiting > 0);
  const places: Place[] = [
    { to: "/", icon: "home", label: t`Overview` },
    { to: "/submit", icon: "medal", label: t`Announce` },
    { to: "/compose", icon: "pen", label: t`Write` },
    { to: "/calendar", icon: "calendar", label: t`Calendar` },
    ...(manages ? [{ to: "/queue", icon: "queue", label: t`Queue` } as const] : []),
    ...(decides ? [{ to: "/approvals", icon: "check", label: t`Approvals`, waiting } as const] : []),
    { to: "/channels", icon: "plug", label: t`Channels` },
  ];
  return (
    <nav className="nav" aria-label={t`Main`}>
      <ul>
        {places.map(({ to, icon, label, waiting: count = 0 }) => (
          <li key={to}>
            <Link to={to} aria-current={isWithin(here, to) ? "page" : undefined}>
              <Icon name={icon} />
              {label}
              {count > 0 && (
                <span className="nav-count">
                  {count}
                  <span className="unseen">
                    {" "}
                    <Plural value={count} one="waits" other="wait" />
                  </span>
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Whether a place of the navigation is where one is. */
function isWithin(here: string, place: string): boolean {
  return here === place || (place !== "/" && here.startsWith(`${place}/`));
}

function LiveIndicator() {
  const { t } = useLingui();
  const mode = useLiveMode();
  const words = {
    live: t`Live`,
    polling: t`Checking for changes`,
    paused: t`Paused`,
    offline: t`Offline`,
  };
  return (
    <p className="live" data-mode={mode}>
      <span className="live-dot" aria-hidden="true" />
      <span className="live-words">{words[mode]}</span>
    </p>
  );
}

function OfflineBar() {
  const mode = useLiveMode();
  return (
    <div className="bar" role="status">
      {mode === "offline" && (
        <p className="bar-item">
          <Icon name="unplugged" />
          <Trans>You are offline. What you write is kept in this browser.</Trans>
        </p>
      )}
    </div>
  );
}
