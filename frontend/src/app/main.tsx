import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/forms.css";
import "./styles/shell.css";
import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { firstLanguage, keptLanguage, speak } from "@/lib/language";
import { App } from "./App";
import { browserSurroundings, keepTrying } from "./healing";
import { PageMissing } from "./PageMissing";
import { healing, prefetch } from "./routes";
import { start } from "./start";
import { NotStarted } from "./NotStarted";

/** What not having started is healed as, where others are pages. */
const START = "the start";

const root = createRoot(document.getElementById("root") as HTMLElement, {
  // A page that is missing is shown and healed; anything else that broke a view is worth reporting.
  onCaughtError: (error) => error instanceof PageMissing || reportError(error),
});

// Side by side: what is said, what is shown first, and where everything is.
const spoken = speak(firstLanguage(keptLanguage(), navigator.languages));
const starting = start(import.meta.env.BASE_URL);
prefetch(window.location.pathname.slice(import.meta.env.BASE_URL.length - 1));
await Promise.allSettled([spoken, starting]);
try {
  await spoken;
  const started = await starting;
  healing.loaded(START);
  show(<App {...started} />);
} catch (error) {
  show(<NotStarted error={error} />);
  keepTrying(() => healing.heal(START), () => undefined, browserSurroundings);
}

function show(view: React.ReactNode): void {
  root.render(
    <StrictMode>
      <I18nProvider i18n={i18n}>{view}</I18nProvider>
    </StrictMode>,
  );
}
