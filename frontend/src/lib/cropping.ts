/** Which part of a picture is kept: a ratio, how close, and where, each from 0 to 1. */
export interface Crop {
  ratio: number | null;
  zoom: number;
  x: number;
  y: number;
}

export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const WHOLE: Crop = { ratio: null, zoom: 0, x: 0.5, y: 0.5 };
export const CLOSEST = 4;

/** The kept part in the picture's own pixels; always inside it. */
export function areaOf(crop: Crop, width: number, height: number): Area {
  const ratio = crop.ratio ?? width / height;
  const fitted = width / height > ratio ? { width: height * ratio, height } : { width, height: width / ratio };
  const scale = 1 / (1 + crop.zoom * (CLOSEST - 1));
  const kept = { width: fitted.width * scale, height: fitted.height * scale };
  return { left: (width - kept.width) * crop.x, top: (height - kept.height) * crop.y, ...kept };
}
