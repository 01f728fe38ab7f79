import { useLingui } from "@lingui/react/macro";
import { lazy, Suspense, type ComponentType } from "react";
import { Route, Switch } from "wouter";
import { Skeleton } from "@/components/States";
import { Guard } from "./Guard";
import { browserHealing } from "./healing";
import { NotFound } from "./NotFound";
import { PageMissing } from "./PageMissing";

type View = { default: ComponentType };

/** Every page, each in a file of its own that is fetched when somebody goes there. */
const PAGES: Record<string, () => Promise<View>> = {
  "/": () => import("@/features/messages/Home"),
  "/messages/:id": () => import("@/features/messages/MessagePage"),
  "/messages/:id/edit": () => import("@/features/compose/ComposePage"),
  "/submit": () => import("@/features/submit/SubmitPage"),
  "/compose": () => import("@/features/compose/ComposePage"),
  "/calendar": () => import("@/features/calendar/CalendarPage"),
  "/queue": () => import("@/features/queue/QueuePage"),
  "/approvals": () => import("@/features/approvals/ApprovalsPage"),
  "/channels": () => import("@/features/channels/ChannelsPage"),
};

export const healing = browserHealing(import.meta.env.BASE_URL);

const routes = Object.entries(PAGES).map(([path, load]) => (
  <Route key={path} path={path} component={lazy(() => fetched(path, load))} />
));

/** The page that the address names. */
export function Pages({ at }: { at: string }) {
  return (
    <Guard key={at} healing={healing}>
      <Suspense fallback={<Skeleton lines={6} />}>
        <Switch>
          {routes}
          <Route component={NotFound} />
        </Switch>
      </Suspense>
    </Guard>
  );
}

/** Begin to fetch the page that an address names, so that it is there when it is wanted. */
export function prefetch(at: string): void {
  // Whether it came is seen when it is wanted.
  pageOf(at)?.[1]().catch(() => undefined);
}

function pageOf(at: string) {
  return Object.entries(PAGES).find(([path]) => new RegExp(`^${path.replace(/:\w+/g, "[^/]+")}/?$`).test(at));
}

async function fetched(path: string, load: () => Promise<View>): Promise<View> {
  try {
    const view = await load();
    healing.loaded(path);
    return view;
  } catch (error) {
    throw new PageMissing(path, { cause: error });
  }
}

/** What a page is called, in the window's title and where the focus goes; null if there is none. */
export function usePageName(at: string): string | null {
  const { t } = useLingui();
  const names: Record<string, string> = {
    "/": t`Overview`,
    "/messages/:id": t`Message`,
    "/messages/:id/edit": t`Edit the message`,
    "/submit": t`Announce an achievement`,
    "/compose": t`Write a message`,
    "/calendar": t`Calendar`,
    "/queue": t`Queue`,
    "/approvals": t`Approvals`,
    "/channels": t`Channels`,
  };
  return names[pageOf(at)?.[0] ?? ""] ?? null;
}
