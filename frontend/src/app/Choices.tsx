import { useLingui } from "@lingui/react/macro";
import { useId, useState } from "react";
import { Icon, type IconName } from "@/components/Icon";
import { useTell } from "@/components/Toast";
import { isLanguage, LANGUAGES, speak, type Language } from "@/lib/language";
import { chooseTheme, readTheme, type Theme } from "@/lib/theme";

export function ThemeChoice() {
  const { t } = useLingui();
  const name = useId();
  const [theme, setTheme] = useState<Theme>(readTheme);
  const themes: [Theme, IconName, string][] = [
    ["system", "half", t`As the system`],
    ["light", "sun", t`Light`],
    ["dark", "moon", t`Dark`],
  ];
  return (
    <fieldset>
      <legend className="unseen">{t`Theme`}</legend>
      <div className="choice">
        {themes.map(([value, icon, label]) => (
          <label key={value} title={label}>
            <input
              type="radio"
              name={name}
              checked={theme === value}
              onChange={() => {
                chooseTheme(value);
                setTheme(value);
              }}
            />
            <Icon name={icon} size={18} />
            <span className="unseen">{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function LanguageChoice({ onChosen }: { onChosen?: (language: Language) => void }) {
  const { t, i18n } = useLingui();
  const tell = useTell();
  const name = useId();
  return (
    <fieldset>
      <legend className="unseen">{t`Language`}</legend>
      <div className="choice">
        {Object.entries(LANGUAGES).map(([value, label]) => (
          <label key={value} lang={value}>
            <input
              type="radio"
              name={name}
              checked={i18n.locale === value}
              onChange={() => {
                if (!isLanguage(value)) return;
                speak(value).then(
                  () => onChosen?.(value),
                  () => tell(t`This language could not be fetched. Try it again when you are connected.`, "bad"),
                );
              }}
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
