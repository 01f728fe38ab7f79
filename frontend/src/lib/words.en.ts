import type { Messages } from "@lingui/core";

const catalogues = import.meta.glob<Messages>("/src/**/locales/en.po", {
  eager: true,
  import: "messages",
});

export default Object.assign({}, ...Object.values(catalogues)) as Messages;
