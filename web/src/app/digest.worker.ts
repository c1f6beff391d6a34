/** Reads a dropped file in pieces and digests it, off the page's own thread. */
import { Sha256 } from "../model/sha256";

self.onmessage = async (event: MessageEvent<File>) => {
  const digest = new Sha256();
  const reader = event.data.stream().getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) digest.add(part.value);
    self.postMessage({ digest: digest.hex() });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
