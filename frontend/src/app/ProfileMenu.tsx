import { msg } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Button } from "@/components/Button";
import { meQuery } from "@/lib/queries";
import { useApi, useProduct } from "@/lib/product";
import type { Language } from "@/lib/language";
import { LanguageChoice, ThemeChoice } from "./Choices";

const ROLES = {
  member: msg`Member`,
  community_manager: msg`Community manager`,
  admin: msg`Administrator`,
};

/** Who is signed in, how the app looks to them, and the way out. */
export function ProfileMenu() {
  const { i18n } = useLingui();
  const { session } = useProduct();
  const api = useApi();
  const queries = useQueryClient();
  const { data: me } = useQuery(meQuery(api));
  const menu = useRef<HTMLDetailsElement>(null);
  const remember = useMutation({
    mutationFn: (language: Language) =>
      api.get((client) => client.PATCH("/api/v1/me", { body: { language } })),
    onSuccess: (changed) => queries.setQueryData(meQuery(api).queryKey, changed),
  });
  useEffect(() => {
    const close = (event: Event) => {
      const found = menu.current;
      if (found?.open && !found.contains(event.target as Node)) found.open = false;
    };
    const escape = (event: KeyboardEvent) => {
      const found = menu.current;
      if (event.key !== "Escape" || !found?.open) return;
      found.open = false;
      found.querySelector("summary")?.focus();
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", escape);
    };
  }, []);
  return (
    <details className="me" ref={menu}>
      <summary>
        <span className="me-letter" aria-hidden="true">
          {me ? [...me.name][0] : ""}
        </span>
        <span className="me-name">
          <span>{me?.name ?? <Trans>You</Trans>}</span>
          {me && <span className="faint">{i18n._(ROLES[me.role])}</span>}
        </span>
        <span className="unseen">
          <Trans>Account and settings</Trans>
        </span>
      </summary>
      <div className="me-panel">
        <div>
          <p className="note-title">{me?.name}</p>
          {me && <p className="faint">{i18n._(ROLES[me.role])}</p>}
        </div>
        <LanguageChoice onChosen={(language) => remember.mutate(language)} />
        <ThemeChoice />
        <Button icon="leave" onClick={() => void session.signOut()}>
          <Trans>Sign out</Trans>
        </Button>
      </div>
    </details>
  );
}
