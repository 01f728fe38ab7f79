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
import { start } from "./start";
import { NotStarted } from "./NotStarted";

const root = createRoot(document.getElementById("root") as HTMLElement);

await speak(firstLanguage(keptLanguage(), navigator.languages));
try {
  const started = await start(import.meta.env.BASE_URL);
  show(<App {...started} />);
} catch (error) {
  show(<NotStarted error={error} />);
}

function show(view: React.ReactNode): void {
  root.render(
    <StrictMode>
      <I18nProvider i18n={i18n}>{view}</I18nProvider>
    </StrictMode>,
  );
}
