// The job of bench-letter by Node.js libraries: mailparser reads the message, parse5 the
// HTML, nodemailer writes the message again, mailauth signs and verifies it.
//
//	node letter.js MESSAGE KEY.pem RECORD SECONDS
//
// Prints the CPU time of one message in microseconds.
"use strict";

const fs = require("fs");
const { simpleParser } = require("mailparser");
const parse5 = require("parse5");
const MailComposer = require("nodemailer/lib/mail-composer");
const { dkimSign } = require("mailauth/lib/dkim/sign");
const { dkimVerify } = require("mailauth/lib/dkim/verify");

const [messageFile, keyFile, record, seconds] = process.argv.slice(2);
const message = fs.readFileSync(messageFile);
const privateKey = fs.readFileSync(keyFile, "utf8");
const TAG = "__unsubscribe_url__";
const UNSUBSCRIBE = "https://track.acme.example/unsubscribe/AQIDBAUG";
const PIXEL = "https://track.acme.example/open/AQIDBAUGBwgJCgsM.png";
let links = 0;

function seal(url) {
  links++;
  return "https://track.acme.example/click/" + Buffer.from(url).toString("base64url");
}

function walk(node) {
  for (const attr of node.attrs || []) {
    if (node.tagName === "a" && attr.name === "href" && /^https?:/i.test(attr.value))
      attr.value = seal(attr.value);
  }
  for (const child of node.childNodes || []) walk(child);
}

function rewriteHtml(html) {
  const document = parse5.parse(html);
  walk(document);
  return parse5
    .serialize(document)
    .replaceAll(TAG, UNSUBSCRIBE)
    .replace("</body>", `<img src="${PIXEL}" width="1" height="1" alt=""></body>`);
}

async function send() {
  links = 0;
  const mail = await simpleParser(message, { skipImageLinks: true, skipTextToHtml: true });
  const text = mail.text.replace(/https?:\/\/\S+/g, seal).replaceAll(TAG, UNSUBSCRIBE);
  const composer = new MailComposer({
    from: mail.from.text,
    to: mail.to.text,
    replyTo: mail.replyTo.text,
    subject: mail.subject,
    date: mail.date,
    messageId: mail.messageId,
    headers: {
      "X-Campaign": "spring-7",
      "List-Unsubscribe": `<${UNSUBSCRIBE}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
    text,
    html: rewriteHtml(mail.html),
    textEncoding: "quoted-printable",
  });
  const raw = await composer.compile().build();
  const signed = await dkimSign(raw, {
    signatureData: [
      { signingDomain: "acme.example", selector: "s1", privateKey, canonicalization: "relaxed/relaxed" },
    ],
  });
  const out = Buffer.concat([Buffer.from(signed.signatures), raw]);
  const verdict = await dkimVerify(out, { resolver: async () => [[record]] });
  if (verdict.results[0].status.result !== "pass") throw new Error("does not verify");
}

async function main() {
  for (let i = 0; i < 20; i++) await send(); // until it is compiled
  const start = process.cpuUsage();
  const end = Date.now() + 1000 * Number(seconds);
  let n = 0;
  while (Date.now() < end) {
    await send();
    n++;
  }
  const used = process.cpuUsage(start);
  console.log(`letters ${n} links ${links} us ${((used.user + used.system) / n).toFixed(2)}`);
}

main();
