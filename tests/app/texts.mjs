// What the story reads and asks. All of it was made up for the test.
export const INVOICE_NUMBER = "HL-2026-0417";
export const INVOICE = [
  "INVOICE",
  "Harbour Lane Bookbinders Ltd - 14 Quay Street, Bristol",
  `Invoice number: ${INVOICE_NUMBER}`,
  "Invoice date: 3 March 2026",
  "Due date: 2 April 2026",
  "",
  "Bill to: The Reading Room, 2 Castle Hill, Bath",
  "",
  "Description                     Quantity     Unit price     Total",
  "Notebooks A5                    40           6.20           248.00",
  "",
  "Net total: 248.00 GBP",
  "VAT 20 %: 49.60 GBP",
  "Total due: 297.60 GBP",
];

export const TRANSCRIPT = `Ada: Good morning. Two things today, the opening hours and the broken lamp.
Grace: I counted the people who wait outside before nine. On Tuesday there were 14.
Ada: Then we should open earlier. I propose eight o'clock from Monday.
Edsger: Eight is fine with me, I have the keys anyway.
Grace: Agreed. We open at eight from Monday.
Ada: Good, that is decided. Now the lamp by the window.
Edsger: It has been dark since last week. The fitting is broken, not the bulb.
Ada: Grace, can you call the electrician by Friday?
Grace: Yes, I will call her on Thursday.
Edsger: Who pays for it?
Ada: I do not know yet. I will ask the council.
Grace: Then we are done. See you next week.
`;

export const SIMPLE = "What is the capital of France?";
export const HARD = "Who discovered the mineral kermesite, and in which year? Answer in one short sentence.";
export const PRIVATE = `${HARD} The account is DE89 3704 0044 0532 0130 00.`;
