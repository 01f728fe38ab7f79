import { expect, test } from "vitest";
import { namesOf } from "./people";

test("a person is called by name, and one without a name by address", () => {
  const names = namesOf([
    { id: "a", name: "Ana", address: "+34600000001" },
    { id: "b", name: " ", address: "+34600000002" },
  ]);
  expect([...names]).toEqual([
    ["a", "Ana"],
    ["b", "+34600000002"],
  ]);
});
