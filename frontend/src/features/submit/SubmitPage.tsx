import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { Button } from "@/components/Button";
import { ChannelPicker } from "@/components/ChannelPicker";
import { Combobox } from "@/components/Combobox";
import { useFaultWords } from "@/components/faultWords";
import { Checkbox, TextArea, TextField } from "@/components/Field";
import { PictureField } from "@/components/PictureField";
import { PreviewColumn } from "@/components/PreviewColumn";
import { Refused } from "@/components/Refused";
import { Room } from "@/components/Room";
import { momentOf, ScheduleField } from "@/components/ScheduleField";
import { Select } from "@/components/Select";
import { ErrorState, ProblemNote, Skeleton } from "@/components/States";
import { lengthIn, visibleLength } from "@/lib/counting";
import { focusFirstFault } from "@/lib/focusing";
import { isLanguage, LANGUAGES } from "@/lib/language";
import { asProblem, faultsAt, type Problem } from "@/lib/problem";
import { channelsQuery, meQuery } from "@/lib/queries";
import { useApi, useRefresh } from "@/lib/product";
import { standing, unplaced } from "@/lib/standing";
import { useDraft } from "@/lib/useDraft";
import { usePreviews } from "@/lib/usePreviews";
import { withOwnWords } from "@/lib/wordings";
import { browserZone } from "@/lib/zones";
import type { Schemas } from "@/lib/api";
import { useChoices } from "./choices";
import { Cuts } from "./Cuts";
import { type Body, bodyOf, type Form, LONGEST_MESSAGE, LONGEST_NAME, PLACES, sketchOf, unsketched } from "./submission";

export default function SubmitPage() {
  const api = useApi();
  const me = useQuery(meQuery(api));
  const channels = useQuery(channelsQuery(api));
  if (me.isError) return <ErrorState level={1} error={me.error} onRetry={() => void me.refetch()} />;
  if (channels.isError) return <ErrorState level={1} error={channels.error} onRetry={() => void channels.refetch()} />;
  if (me.isPending || channels.isPending) return <Skeleton lines={10} />;
  return <Submission me={me.data} channels={channels.data.map((channel) => channel.name)} />;
}

/** Announce what somebody achieved; how it will look is beside it while one types. */
function Submission({ me, channels }: { me: Schemas["MeView"]; channels: string[] }) {
  const { t, i18n } = useLingui();
  const api = useApi();
  const refresh = useRefresh();
  const [, go] = useLocation();
  const words = useFaultWords();
  const box = useRef<HTMLFormElement>(null);
  const [tried, setTried] = useState(false);
  const { value: form, change, drop } = useDraft<Form>("submit", empty(me, channels, i18n.locale));
  const choices = useChoices();
  const moment = momentOf(form);
  const previews = usePreviews(sketchOf(form));
  const submit = useMutation({
    mutationFn: (body: Body) =>
      api.once("submit", body, (client, header) =>
        client.POST("/api/v1/certifications", { params: { header }, body }),
      ),
    onSuccess: async (made) => {
      drop();
      await refresh(made.message_id);
      go(`/messages/${made.message_id}?new`);
    },
  });
  useEffect(() => {
    if (submit.error) focusFirstFault(box.current);
  }, [submit.error]);
  const body = bodyOf(form, moment);
  const problem = submit.isError ? refusalOf(submit.error, submit.variables, body) : null;
  const found = [...standing(problem?.faults ?? [], submit.variables, body), ...unsketched(previews.faults)];
  const faults = (pointer: string, missing?: string | false) => [
    ...(tried && missing ? [missing] : []),
    ...faultsAt(found, pointer).map((fault) => words(fault)),
  ];
  const isComplete =
    form.type && form.certifiedOn && form.channels.length > 0 && form.consent && (form.when === "now" || moment !== null);
  return (
    <form
      ref={box}
      className="page"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (isComplete) submit.mutate(body);
        else focusFirstFault(box.current);
      }}
    >
      <header className="page-head">
        <div className="stack stack-tight">
          <h1>
            <Trans>Announce an achievement</Trans>
          </h1>
          <p className="soft">
            <Trans>It is written for each channel and published once on each.</Trans>
          </p>
        </div>
      </header>
      <div className="form">
        <div className="form-fields">
          <Combobox
            label={<Trans>Certification</Trans>}
            placeholder={t`Search by name, level or exam code`}
            nothingFound={t`No certification is called that.`}
            choices={choices}
            value={form.type}
            onChange={(type) => change({ type })}
            faults={faults("/certification_type", !form.type && t`Choose the certification.`)}
          />
          <div className="pair">
            <TextField
              label={<Trans>Whose achievement</Trans>}
              autoComplete="name"
              value={form.memberName}
              aside={<Room used={visibleLength(form.memberName)} limit={LONGEST_NAME} unit="graphemes" />}
              onChange={(event) => change({ memberName: event.target.value })}
              faults={faults("/member_name")}
            />
            <TextField
              label={<Trans>Certified on</Trans>}
              type="date"
              value={form.certifiedOn}
              onChange={(event) => change({ certifiedOn: event.target.value })}
              faults={faults("/certified_on", !form.certifiedOn && t`Choose the day.`)}
            />
          </div>
          <TextArea
            label={<Trans>A personal message</Trans>}
            optional={t`optional`}
            hint={<Trans>In their own words: what it took, who helped.</Trans>}
            value={form.message}
            aside={<Room used={lengthIn("code_points", form.message)} limit={LONGEST_MESSAGE} unit="code_points" />}
            onChange={(event) => change({ message: event.target.value })}
            faults={faults("/personal_message")}
          />
          <Cuts message={form.message} previews={previews.previews} />
          <PictureField
            label={<Trans>A photo of them</Trans>}
            hint={<Trans>It is set into a card with the certification. Without one the card stands alone.</Trans>}
            value={form.photo}
            most={1}
            describes={false}
            onChange={(photo) => change({ photo })}
            faults={faults("/photo_upload_id")}
          />
          <div className="pair">
            <TextField
              label={<Trans>Link to the credential</Trans>}
              optional={t`optional`}
              type="url"
              inputMode="url"
              placeholder="https://"
              value={form.credentialUrl}
              onChange={(event) => change({ credentialUrl: event.target.value })}
              faults={faults("/credential_url")}
            />
            <TextField
              label={<Trans>LinkedIn profile</Trans>}
              optional={t`optional`}
              type="url"
              inputMode="url"
              placeholder="https://www.linkedin.com/in/"
              value={form.linkedinUrl}
              onChange={(event) => change({ linkedinUrl: event.target.value })}
              faults={faults("/linkedin_url")}
            />
          </div>
          <ChannelPicker
            value={form.channels}
            onChange={(chosen) => change({ channels: chosen })}
            faults={faults("/channels", form.channels.length === 0 && t`Choose at least one channel.`)}
          />
          <Select
            label={<Trans>Written in</Trans>}
            value={form.language}
            onChange={(event) => change({ language: event.target.value as Form["language"] })}
            faults={faults("/language")}
          >
            {Object.entries(LANGUAGES).map(([language, name]) => (
              <option key={language} value={language}>
                {name}
              </option>
            ))}
          </Select>
          <ScheduleField
            value={form}
            onChange={change}
            faults={faults("/scheduled_at", form.when === "later" && moment === null && t`Choose a date and a time.`)}
          />
          <Checkbox
            checked={form.consent}
            onChange={(event) => change({ consent: event.target.checked })}
            hint={
              <Trans>
                Their name, their certification and what is written here become public. They can have
                it removed later: ask a community manager.
              </Trans>
            }
            faults={faults("/consent", !form.consent && t`Without their consent it can't be announced.`)}
          >
            <Trans>The person agrees to be announced on these channels.</Trans>
          </Checkbox>
        </div>
        <div className="form-side" role="region" aria-labelledby="preview-title" tabIndex={0}>
          <PreviewColumn
            {...previews}
            hint={
              sketchOf(form) === null ? (
                <Trans>Choose the certification and the day, and each channel's post appears here.</Trans>
              ) : null
            }
            own={{ by: "rule", choose: (channel, isOwn) => change({ ownWords: withOwnWords(form.ownWords, channel, isOwn) }) }}
          />
        </div>
      </div>
      {problem !== null && problem.faults.length === 0 && (
        <ProblemNote error={problem}>
          {problem.document.existing_id && (
            <Existing id={problem.document.existing_id} />
          )}
        </ProblemNote>
      )}
      <Refused
        isShown={tried && (!isComplete || found.length > 0)}
        rest={unplaced(found, PLACES).map((fault) => words(fault))}
      />
      <div className="form-end">
        <Button kind="primary" type="submit" icon="announce" busy={submit.isPending}>
          {form.when === "now" ? <Trans>Announce it</Trans> : <Trans>Schedule it</Trans>}
        </Button>
        <span className="faint">
          <Trans>Kept in this browser until you send it.</Trans>
        </span>
      </div>
    </form>
  );
}

/** The announcement that was there before. */
function Existing({ id }: { id: string }) {
  const api = useApi();
  const found = useQuery({
    queryKey: ["certifications", id],
    queryFn: ({ signal }) =>
      api.get((client) =>
        client.GET("/api/v1/certifications/{certification_id}", {
          params: { path: { certification_id: id } },
          signal,
        }),
      ),
  });
  if (!found.data) return null;
  return (
    <Link to={`/messages/${found.data.message_id}`}>
      <Trans>Look at that announcement</Trans>
    </Link>
  );
}

function empty(me: Schemas["MeView"], channels: string[], spoken: string): Form {
  return {
    memberName: me.name,
    type: "",
    certifiedOn: "",
    credentialUrl: "",
    linkedinUrl: "",
    message: "",
    language: isLanguage(spoken) ? spoken : "en",
    channels,
    ownWords: [],
    photo: [],
    consent: false,
    when: "now",
    wall: "",
    zone: me.time_zone && me.time_zone !== "UTC" ? me.time_zone : browserZone(),
    repeated: "earlier",
  };
}

/** A refusal that is about what is in the form; that it was announced already is about who and what. */
function refusalOf(error: unknown, sent: Body | undefined, body: Body): Problem | null {
  const problem = asProblem(error);
  const isSame = sent?.member_name === body.member_name && sent?.certification_type === body.certification_type;
  return problem.code === "already_announced" && !isSame ? null : problem;
}
