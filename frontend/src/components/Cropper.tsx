import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useId, useRef, useState } from "react";
import { areaOf, type Crop, WHOLE } from "@/lib/cropping";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { Note, Skeleton } from "./States";

const LONGEST = 2048;
const RATIOS: [string, number | null][] = [
  ["original", null],
  ["1:1", 1],
  ["4:5", 0.8],
  ["1.91:1", 1.91],
];

/** Choose the part of a picture to publish; every handle is a slider, so the keyboard does it too. */
export function Cropper(props: {
  file: File;
  onClose(): void;
  onDone(picture: Blob): void;
  /** Ask for another file. */
  onAnother(): void;
}) {
  const { file, onClose, onDone, onAnother } = props;
  const { t } = useLingui();
  const name = useId();
  const [crop, setCrop] = useState<Crop>(WHOLE);
  const [picture, setPicture] = useState<ImageBitmap | "broken" | null>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let isWanted = true;
    createImageBitmap(file)
      .then((made) => isWanted && setPicture(made))
      .catch(() => isWanted && setPicture("broken"));
    return () => {
      isWanted = false;
    };
  }, [file]);
  useEffect(() => {
    if (canvas.current && picture instanceof ImageBitmap) draw(canvas.current, picture, crop);
  }, [crop, picture]);
  const done = () =>
    canvas.current?.toBlob((made) => made && onDone(made), keptType(file.type), 0.92);
  const slider = (label: string, key: "zoom" | "x" | "y") => (
    <label className="slider">
      <span>{label}</span>
      <input
        type="range"
        min="0"
        max="1"
        step="0.01"
        value={crop[key]}
        onChange={(event) => setCrop({ ...crop, [key]: Number(event.target.value) })}
      />
    </label>
  );
  return (
    <Dialog
      open
      title={<Trans>Crop the picture</Trans>}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>
            <Trans>Leave it out</Trans>
          </Button>
          {picture === "broken" ? (
            <Button kind="primary" icon="image" onClick={onAnother}>
              <Trans>Choose another</Trans>
            </Button>
          ) : (
            <Button kind="primary" icon="check" onClick={done} disabled={picture === null}>
              <Trans>Use it</Trans>
            </Button>
          )}
        </>
      }
    >
      {picture === null && <Skeleton />}
      {picture === "broken" && <Note tone="warn"><Trans>This file can't be read as a picture. PNG, JPEG and WebP can.</Trans></Note>}
      {picture instanceof ImageBitmap && (
        <>
          <canvas ref={canvas} className="crop" role="img" aria-label={t`The part that is kept`} />
          <fieldset className="choice">
            <legend className="unseen">{t`Shape`}</legend>
            {RATIOS.map(([label, ratio]) => (
              <label key={label}>
                <input
                  type="radio"
                  name={name}
                  checked={crop.ratio === ratio}
                  onChange={() => setCrop({ ...crop, ratio })}
                />
                {ratio === null ? t`As it is` : label}
              </label>
            ))}
          </fieldset>
          {slider(t`Closer`, "zoom")}
          {slider(t`Left to right`, "x")}
          {slider(t`Top to bottom`, "y")}
        </>
      )}
    </Dialog>
  );
}

function draw(canvas: HTMLCanvasElement, picture: ImageBitmap, crop: Crop): void {
  const area = areaOf(crop, picture.width, picture.height);
  const scale = Math.min(1, LONGEST / Math.max(area.width, area.height));
  canvas.width = Math.max(1, Math.round(area.width * scale));
  canvas.height = Math.max(1, Math.round(area.height * scale));
  const { left, top, width, height } = area;
  canvas.getContext("2d")?.drawImage(picture, left, top, width, height, 0, 0, canvas.width, canvas.height);
}

/** What may be see-through stays so; anything else is a photograph. */
function keptType(type: string): string {
  return type === "image/png" ? "image/png" : "image/jpeg";
}
