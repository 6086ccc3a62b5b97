/* What the page says, in the artist's language. English texts are the keys of the catalogues, and what has no translation stays English.
   The language is what was chosen on this page, or else the browser's first one that is known. */
const knownLanguage = (tag) => {      // the language of a code with a region: of de-AT de, where de-AT itself is not there
  const parts = String(tag ?? '').toLowerCase().split(/[-_]/);
  const codes = parts.map((_, i) => parts.slice(0, parts.length - i).join('-'));
  return Object.keys(LANGUAGES).find((code) => codes.includes(code.toLowerCase()));
};
const language = [remember.get('language'), ...navigator.languages, 'en'].map(knownLanguage).find(Boolean);
const chooseLanguage = async (code) => {
  remember.put('language', code);
  client.flush();
  await client.sent();                // what was typed is on its way
  location.reload();
};
document.documentElement.lang = language;

/* Numbers as the language writes them; `digits` after the point, always as many. Whole numbers are not grouped: seeds are among them. */
const writers = new Map();      // by `digits`: making one takes longer than drawing a card
const numeral = (value, digits = null) => {
  if (!writers.has(digits)) {
    writers.set(digits, new Intl.NumberFormat(language, {
      useGrouping: false, minimumFractionDigits: digits ?? 0, maximumFractionDigits: digits ?? 6,
    }));
  }
  return writers.get(digits).format(value);
};
/* Whether the language writes 0,5: then a comma does not stand between two numbers. */
const decimalComma = numeral(0.5).includes(',');
/* A moment, in milliseconds or as the studio writes it, as the browser's region writes days and hours. */
const region = navigator.languages.find((tag) => knownLanguage(tag) === language) || language;
const timeOf = (stamp) => new Date(stamp).toLocaleString(region, { dateStyle: 'medium', timeStyle: 'short' });

const filled = (template, values) => template.replace(/\{(\w+)\}/g, (whole, name) => {
  const value = values[name];
  return value === undefined ? whole : typeof value === 'number' ? numeral(value) : value;
});
/* Say a text with values for its names in braces. */
const t = (text, values = {}) => filled(CATALOGUES[language]?.[text] ?? text, values);
/* The pieces of a text with elements for its names in braces: to be appended. */
const pieces = (text, elements) => text.split(/\{(\w+)\}/).map((piece, i) => (i % 2 ? elements[piece] : piece)).filter((piece) => piece !== '');
/* Several things in one sentence: a, b and c. */
const listed = (things) => new Intl.ListFormat(language, { type: 'conjunction' }).format(things);
/* A name within a sentence. In other languages than English names keep their capitals. */
const within = (name) => (language === 'en' ? name.toLowerCase() : name);
/* Say one of two texts, by number: `n`. Another language may have more than two. */
const category = new Intl.PluralRules(language);
const tn = (one, many, n, values = {}) => {
  const forms = CATALOGUES[language]?.[one] ?? { one, other: many };
  return filled(forms[category.select(n)] ?? forms.other, { n, ...values });
};
