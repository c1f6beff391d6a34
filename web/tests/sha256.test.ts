import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Sha256 } from "../src/model/sha256";

test("digests equal those of the platform at every length around a block", () => {
  for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 1000, 100_001]) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 31 + length) % 256);
    const wanted = createHash("sha256").update(bytes).digest("hex");
    expect(new Sha256().add(bytes).hex()).toBe(wanted);
    const cut = Math.floor(length / 3);
    expect(new Sha256().add(bytes.subarray(0, cut)).add(bytes.subarray(cut)).hex()).toBe(wanted);
  }
});
