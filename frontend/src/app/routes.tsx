import { lazy, Suspense, type ComponentType } from "react";
import { Route, Switch } from "wouter";
import { Skeleton } from "@/components/States";
import { Guard } from "./Guard";
import { NotFound } from "./NotFound";

type View = Promise<{ default: ComponentType }>;

/** Every page, each in a file of its own that is fetched when somebody goes there. */
const PAGES: Record<string, () => View> = {
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

const routes = Object.entries(PAGES).map(([path, load]) => (
  <Route key={path} path={path} component={lazy(load)} />
));

/** The page that the address names. */
export function Pages({ at }: { at: string }) {
  return (
    <Guard key={at}>
      <Suspense fallback={<Skeleton lines={6} />}>
        <Switch>
          {routes}
          <Route component={NotFound} />
        </Switch>
      </Suspense>
    </Guard>
  );
}
