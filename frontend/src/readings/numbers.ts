/** This will read a number as people type it; null when it is none. A lone separator before three digits groups in English as a comma, in Spanish as a point. */
export function typedNumber(text: string, language: string): number | null {
  const bare = text.trim().replace(/[\u00a0\u202f\u2019' ]/g, "");
  if (!/^\d[\d.,]*$/.test(bare)) return null;
  const group = language.startsWith("es") ? "." : ",";
  const signs = bare.match(/[.,]/g) ?? [];
  const last = bare.charAt(Math.max(bare.lastIndexOf("."), bare.lastIndexOf(",")));
  let point = "";
  if (new Set(signs).size === 2) point = last;
  else if (signs.length === 1 && !(last === group && /^[1-9]\d{0,2}[.,]\d{3}$/.test(bare))) point = last;
  const whole = bare.split("").filter((sign) => /\d/.test(sign) || sign === point).join("");
  const value = Number(whole.replace(point || ".", "."));
  return Number.isFinite(value) ? value : null;
}
