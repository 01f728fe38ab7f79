import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { lengthIn } from "@/lib/counting";
import { useApi } from "@/lib/product";
import { upload } from "@/lib/uploads";
import { Button } from "./Button";
import { Cropper } from "./Cropper";
import { Faults, TextField } from "./Field";
import { Icon } from "./Icon";
import { Room } from "./Room";
import { ProblemNote } from "./States";

export interface Picture {
  uploadId: string;
  altText: string;
  /** Where it can be seen in this tab; gone after a reload, when only its words are left. */
  seenAt: string | null;
}

/** The API's own bound of a picture's description, in code points (`MediaBody`). */
const LONGEST_WORDS = 2_000;
const TYPES = "image/png,image/jpeg,image/webp";

/** Pictures: chosen or dropped, cropped, sent, and described for who can't see them. */
export function PictureField(props: {
  label: React.ReactNode;
  hint?: React.ReactNode;
  value: readonly Picture[];
  onChange(value: Picture[]): void;
  most: number;
  faults?: readonly string[];
  describes?: boolean;
}) {
  const { value, onChange, most, describes = true } = props;
  const { t } = useLingui();
  const api = useApi();
  const input = useId();
  const [file, setFile] = useState<File | null>(null);
  const [over, setOver] = useState(false);
  const send = useMutation({
    mutationFn: (picture: Blob) => upload(api, picture),
    onSuccess: (made, picture) =>
      onChange([...value, { uploadId: made.upload_id, altText: "", seenAt: URL.createObjectURL(picture) }]),
  });
  const box = useRef<HTMLFieldSetElement>(null);
  const count = useRef(value.length);
  useEffect(() => {
    if (count.current === value.length) return;
    count.current = value.length;
    // What had the focus is gone with the picture that came or went.
    if (document.activeElement !== document.body) return;
    const controls = box.current?.querySelectorAll<HTMLElement>(".picture input, .picture button, .drop-input");
    [...(controls ?? [])].at(-1)?.focus();
  }, [value.length]);
  const change = (index: number, part: Partial<Picture>) =>
    onChange(value.map((one, at) => (at === index ? { ...one, ...part } : one)));
  const take = (files: FileList | null) => {
    const found = files?.[0];
    if (found) setFile(found);
  };
  return (
    <fieldset ref={box} className="stack stack-tight" data-invalid={props.faults?.length ? true : undefined}>
      <legend className="legend">{props.label}</legend>
      {props.hint && <p className="field-hint">{props.hint}</p>}
      {value.map((picture, index) => (
        <div key={picture.uploadId} className="picture">
          {picture.seenAt ? <img src={picture.seenAt} alt="" /> : <span className="picture-unseen"><Icon name="image" /></span>}
          <div className="grow">
            {describes ? (
              <TextField
                label={t`Description for people who can't see it`}
                value={picture.altText}
                aside={<Room used={lengthIn("code_points", picture.altText)} limit={LONGEST_WORDS} unit="code_points" />}
                onChange={(event) => change(index, { altText: event.target.value })}
              />
            ) : (
              <p className="soft">
                <Trans>The picture is ready.</Trans>
              </p>
            )}
          </div>
          <Button kind="quiet" icon="trash" iconOnly onClick={() => onChange(value.filter((_, at) => at !== index))}>
            {t`Remove the picture`}
          </Button>
        </div>
      ))}
      {value.length < most && (
        <div
          className="drop"
          data-over={over || undefined}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setOver(false);
            take(event.dataTransfer.files);
          }}
        >
          <input
            id={input}
            className="unseen drop-input"
            type="file"
            accept={TYPES}
            onChange={(event) => {
              take(event.target.files);
              event.target.value = "";
            }}
          />
          <label htmlFor={input} className="drop-label">
            {send.isPending ? <span className="spinner" /> : <Icon name="image" />}
            {send.isPending ? <Trans>Sending the picture …</Trans> : <Trans>Choose a picture, or drop it here</Trans>}
          </label>
        </div>
      )}
      {send.isError && <ProblemNote error={send.error} />}
      <Faults faults={props.faults ?? []} />
      {file && (
        <Cropper
          file={file}
          onClose={() => setFile(null)}
          onAnother={() => {
            setFile(null);
            box.current?.querySelector<HTMLInputElement>(".drop-input")?.click();
          }}
          onDone={(picture) => {
            setFile(null);
            send.mutate(picture);
          }}
        />
      )}
    </fieldset>
  );
}
