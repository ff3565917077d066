/** Sums of money as the page's language writes them. */

// ISO 4217's, as in shop/currencies.py: browsers know others for some, and would show a hundred times the price.
const WITHOUT_PARTS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(" ");
const OF_A_THOUSAND = "BHD IQD JOD KWD LYD OMR TND".split(" ");

/** How many decimal digits the minor unit of a currency is. @param {string} currency */
export const digits = (currency) => (WITHOUT_PARTS.includes(currency) ? 0 : OF_A_THOUSAND.includes(currency) ? 3 : 2);

/** @param {number} minor @param {string} currency */
export function money(minor, currency) {
  const count = digits(currency);
  const options = /** @type {const} */ ({
    style: "currency",
    currency,
    minimumFractionDigits: count,
    maximumFractionDigits: count,
  });
  return new Intl.NumberFormat(document.documentElement.lang || "en", options).format(minor / 10 ** count);
}
