import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { Button } from "@/components/Button";
import { Mark } from "@/components/Icon";
import { ProblemNote } from "@/components/States";
import { offline } from "@/lib/problem";
import { useProduct } from "@/lib/product";
import { LanguageChoice, ThemeChoice } from "./Choices";

const ENDS = [80, 208, 336, 464, 592, 720];

/** Before somebody signed in: what this is, and the one way in. */
export function Welcome() {
  const { config, session } = useProduct();
  const { t } = useLingui();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const signIn = () => {
    setBusy(true);
    setFailed(false);
    session.signIn().catch(() => {
      setFailed(true);
      setBusy(false);
    });
  };
  return (
    <main className="welcome">
      <div className="welcome-words">
        <p className="brand">
          <Mark size={34} />
          <b>Omnichannel Publisher</b>
        </p>
        <h1>
          <Trans>Say it once. Be heard everywhere.</Trans>
        </h1>
        <p className="welcome-lead">
          <Trans>
            Announce what your people achieved on every channel your community reads: exactly once
            on each, with proof.
          </Trans>
        </p>
        <Button kind="primary" busy={busy} onClick={signIn}>
          <Trans>Sign in</Trans>
        </Button>
        {failed && <ProblemNote error={offline()} />}
        {config.demoUsers.length > 0 && (
          <section className="demo" aria-label={t`Users of this copy`}>
            <p className="soft">
              <Trans>This copy runs on your machine. Sign in as one of these:</Trans>
            </p>
            <dl>
              {config.demoUsers.map((user) => (
                <div key={user.login}>
                  <dt>
                    <code>{user.login}</code>
                  </dt>
                  <dd className="soft">{user.name}</dd>
                  <dd>
                    <code>{user.password}</code>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
        <div className="welcome-foot">
          <LanguageChoice />
          <ThemeChoice />
        </div>
      </div>
      <svg className="welcome-fan" viewBox="0 0 800 800" preserveAspectRatio="xMinYMid slice" aria-hidden="true">
        <g fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round">
          {ENDS.map((y) => (
            <path key={y} pathLength="1" d={`M40 400 C 320 400, 330 ${y}, 620 ${y}`} />
          ))}
        </g>
        {ENDS.map((y) => (
          <circle key={y} cx="640" cy={y} r="13" fill="currentColor" />
        ))}
        <circle className="mark-source" cx="40" cy="400" r="30" />
      </svg>
    </main>
  );
}
