import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState, type FormEvent } from "react";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { useFaultWords } from "@/components/faultWords";
import { TextField } from "@/components/Field";
import { ProblemNote } from "@/components/States";
import { useTell } from "@/components/Toast";
import type { Channel } from "@/lib/api";
import { asProblem, faultsAt } from "@/lib/problem";
import { channelsQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { standing } from "@/lib/standing";
import { bodyOf, fieldsOf, labelOf, type AccountField } from "./health";

/** Connect an account or give it other credentials; the platform is asked before anything is kept. */
export function Connect({ channel, onClose }: { channel: Channel; onClose(): void }) {
  const { t } = useLingui();
  const api = useApi();
  const tell = useTell();
  const queries = useQueryClient();
  const form = useId();
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const fields = fieldsOf(channel);
  const isNew = channel.account_state === "missing";
  const connect = useMutation({
    mutationFn: (body: ReturnType<typeof bodyOf>) =>
      api.get((client) =>
        client.PUT("/api/v1/channels/{channel}/account", { params: { path: { channel: channel.name } }, body }),
      ),
    onSuccess: async ({ identity }) => {
      await queries.invalidateQueries({ queryKey: channelsQuery(api).queryKey });
      tell(t`${channel.title} is connected as ${identity ?? channel.title}.`);
      onClose();
    },
  });
  const words = useFaultWords();
  const faults = connect.isError ? standing(asProblem(connect.error).faults, connect.variables, bodyOf(values)) : [];
  const placed = new Set(fields.flatMap(({ name }) => faultsAt(faults, `/${name}`)));
  const isSaid = asProblem(connect.error).faults.length > 0 && faults.every((fault) => placed.has(fault));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!connect.isPending) connect.mutate(bodyOf(values));
  };
  const field = ({ name, isSecret, isOptional }: AccountField) => (
    <TextField
      key={name}
      label={labelOf(name)}
      aside={<code className="faint">{name}</code>}
      type={isSecret ? "password" : "text"}
      autoComplete="off"
      spellCheck={false}
      required={isNew && !isOptional}
      placeholder={isNew ? undefined : t`unchanged`}
      faults={faultsAt(faults, `/${name}`).map((fault) => words(fault))}
      value={values[name] ?? ""}
      onChange={(event) => setValues((before) => ({ ...before, [name]: event.target.value }))}
    />
  );
  const optional = fields.filter((one) => one.isOptional);
  return (
    <Dialog
      open
      title={isNew ? t`Connect ${channel.title}` : t`Credentials of ${channel.title}`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button kind="primary" type="submit" form={form} icon="plug" busy={connect.isPending}>
            <Trans>Check and connect</Trans>
          </Button>
        </>
      }
    >
      <form id={form} className="stack" onSubmit={submit}>
        <p className="soft">
          {isNew ? (
            <Trans>The platform is asked who this is before anything is kept. Secrets are never shown again.</Trans>
          ) : (
            <Trans>
              Fill in what is new; a field left empty stays as it is. The platform is asked before anything is kept,
              and secrets are never shown again.
            </Trans>
          )}
        </p>
        {connect.isError && !isSaid && <ProblemNote error={connect.error} />}
        {fields.filter((one) => !one.isOptional).map(field)}
        {optional.length > 0 && (
          <details className="connect-more" open={optional.some(({ name }) => faultsAt(faults, `/${name}`).length > 0) || undefined}>
            <summary>
              <Trans>Optional settings</Trans>
            </summary>
            <div className="stack">{optional.map(field)}</div>
          </details>
        )}
      </form>
    </Dialog>
  );
}
