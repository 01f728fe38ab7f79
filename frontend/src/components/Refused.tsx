import { Trans } from "@lingui/react/macro";
import { Faults } from "./Field";
import { Icon } from "./Icon";

/** Beside the button: that it was not sent, and what is wrong that no field shows. */
export function Refused({ isShown, rest }: { isShown: boolean; rest: readonly string[] }) {
  return (
    <div className="refused" role="alert">
      {isShown && (
        <p>
          <Icon name="alert" size={16} /> <Trans>Not sent yet: something marked above has to be corrected.</Trans>
        </p>
      )}
      <Faults faults={rest} />
    </div>
  );
}
