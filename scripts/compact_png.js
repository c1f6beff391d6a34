// Writes a screenshot with a palette of 256 colours, which is a third of its size.
async (base64) => {
  const COLOURS = 256;
  const source = await createImageBitmap(
    new Blob([Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))]));
  const { width, height } = source;
  const pen = new OffscreenCanvas(width, height).getContext("2d");
  pen.drawImage(source, 0, 0);
  const pixels = pen.getImageData(0, 0, width, height).data;

  const counts = new Map();
  for (let at = 0; at < pixels.length; at += 4) {
    const colour = (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const parts = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];
  const ordered = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => parts(colour));
  const away = (a, b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;

  // The most frequent colours stay, if none nearby does: a rare one is not lost to a far one.
  let palette = [];
  for (let distance = 0; ; distance += 1) {
    palette = [];
    for (const colour of ordered) {
      if (palette.length > COLOURS) break;
      if (palette.every((one) => away(one, colour) > distance ** 2)) palette.push(colour);
    }
    if (palette.length <= COLOURS) break;
  }
  const indexes = new Map(ordered.map((colour) => {
    let best = 0;
    palette.forEach((one, index) => {
      if (away(one, colour) < away(palette[best], colour)) best = index;
    });
    return [(colour[0] << 16) | (colour[1] << 8) | colour[2], best];
  }));

  // Each row: the filter "none", then one byte for a pixel.
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0, from = 0, to = 0; y < height; y += 1) {
    to += 1;
    for (let x = 0; x < width; x += 1, from += 4) {
      rows[to++] = indexes.get((pixels[from] << 16) | (pixels[from + 1] << 8) | pixels[from + 2]);
    }
  }
  const deflated = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const data = new Uint8Array(await new Response(deflated).arrayBuffer());

  const table = Array.from({ length: 256 }, (_, start) => {
    let value = start;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value >>> 0;
  });
  const number = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  const chunk = (name, content) => {
    const body = [...name].map((letter) => letter.charCodeAt(0)).concat([...content]);
    const sum = body.reduce((crc, byte) => table[(crc ^ byte) & 255] ^ (crc >>> 8), 0xffffffff);
    return [...number(content.length), ...body, ...number((sum ^ 0xffffffff) >>> 0)];
  };
  const png = [
    137, 80, 78, 71, 13, 10, 26, 10,
    ...chunk("IHDR", [...number(width), ...number(height), 8, 3, 0, 0, 0]),
    ...chunk("PLTE", palette.flat()),
    ...chunk("IDAT", data),
    ...chunk("IEND", []),
  ];
  let text = "";
  for (let at = 0; at < png.length; at += 8192) text += String.fromCharCode(...png.slice(at, at + 8192));
  return btoa(text);
}
