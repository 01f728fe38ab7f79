/** What became of a request, in a person's language; a problem that is not known says it itself. */
import { useLingui } from "@lingui/react/macro";
import { OFFLINE, type Problem } from "@/lib/problem";

export interface ProblemWords {
  title: string;
  detail: string;
}

/** Say a problem. Where a platform or a rule gives its own reason, that stays. */
export function useProblemWords(): (problem: Problem) => ProblemWords {
  const { t } = useLingui();
  return (problem) => {
    const { title, detail } = problem.document;
    const said: Record<string, () => ProblemWords> = {
      [OFFLINE]: () => ({ title: t`The API does not answer`, detail: t`Check your connection. What you wrote is kept in this browser.` }),
      internal: () => ({ title: t`Something went wrong on our side`, detail: t`Try it again in a moment. If it stays, tell us the reference.` }),
      store_unavailable: () => ({ title: t`The product is not available right now`, detail: t`Try it again in a moment. Nothing you wrote is lost.` }),
      invalid_message: () => ({ title: t`Something is not right yet`, detail }),
      not_found: () => ({ title: t`There is nothing here`, detail: t`It may have been removed, or it belongs to somebody else.` }),
      forbidden: () => ({ title: t`Your role does not allow this`, detail }),
      version_conflict: () => ({ title: t`Somebody changed this in the meantime`, detail: t`Look at what is there now, then make your change again.` }),
      illegal_transition: () => ({ title: t`This is not possible any more`, detail }),
      already_announced: () => ({ title: t`This achievement was announced already`, detail: t`The same person with the same certification, within a year. There is nothing to send.` }),
      media_not_ready: () => ({ title: t`The picture is still being looked at`, detail: t`Send it again in a moment.` }),
      still_running: () => ({ title: t`It is being worked on already`, detail: t`Wait a moment, then send it again. It is published once.` }),
      body_too_large: () => ({ title: t`This is too much text`, detail: t`Shorten it, then send it again.` }),
      unauthenticated: () => ({ title: t`Please sign in again`, detail: t`Your session is over. What you wrote is kept in this browser.` }),
    };
    return said[problem.code]?.() ?? { title, detail };
  };
}
