/** The lock: what opens it, what does not, and what is left when it stays shut too long. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clockOffset, judge, ruling } from "../../web/src/field/scope";
import * as vault from "../../web/src/field/vault";

const QUICK = 1000; // rounds: the sum is the same, the test is quicker
const HOUR = 3600_000;
const DAY = 24 * HOUR;

test("the PIN opens, another does not, and the key cannot be read out", async () => {
  const { lock, key } = await vault.makeLock("482913", QUICK);
  const sealed = await vault.seal(key, "op:1", { name: "陈桂芳" });
  const again = await vault.openLock(lock, "482913");
  assert.ok(again);
  assert.deepEqual(await vault.unseal(again, "op:1", sealed), { name: "陈桂芳" });
  assert.equal(await vault.openLock(lock, "482914"), null);
  assert.equal(again.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("raw", again));
  assert.ok(vault.ROUNDS >= 310_000);
});

test("nothing that is kept shows what was sealed, and it opens only where it belongs", async () => {
  const { lock, key } = await vault.makeLock("482913", QUICK);
  const sealed = await vault.seal(key, "person:1", "13800001234");
  const kept = Buffer.concat([Buffer.from(sealed.data), Buffer.from(lock.wrapped), Buffer.from(lock.salt)]).toString("latin1");
  assert.ok(!kept.includes("13800001234") && !kept.includes("482913"));
  await assert.rejects(vault.unseal(key, "person:2", sealed));
  new Uint8Array(sealed.data)[0] ^= 1;
  await assert.rejects(vault.unseal(key, "person:1", sealed));
});

test("two locks of one PIN have nothing in common, and sealing twice gives two texts", async () => {
  const [a, b] = await Promise.all([vault.makeLock("482913", QUICK), vault.makeLock("482913", QUICK)]);
  const sealed = await vault.seal(a.key, "x", 1);
  await assert.rejects(vault.unseal(b.key, "x", sealed));
  assert.notDeepEqual(Buffer.from((await vault.seal(a.key, "x", 1)).data), Buffer.from(sealed.data));
});

test("another PIN keeps what was sealed; a wrong old one changes nothing", async () => {
  const { lock, key } = await vault.makeLock("482913", QUICK);
  const sealed = await vault.seal(key, "x", "留着");
  assert.equal(await vault.changePin(lock, "000111", "730284", QUICK), null);
  const fresh = await vault.changePin(lock, "482913", "730284", QUICK);
  assert.ok(fresh);
  assert.equal(await vault.openLock(fresh, "482913"), null);
  assert.equal(await vault.unseal((await vault.openLock(fresh, "730284")) as CryptoKey, "x", sealed), "留着");
});

test("wrong PINs make one wait longer and longer, and the tenth erases", async () => {
  let { lock } = await vault.makeLock("482913", QUICK);
  const waits: number[] = [];
  for (let wrong = 1; wrong <= 10; wrong++) {
    assert.equal(vault.mustPurge(lock), false);
    lock = vault.afterWrong(lock, 1_000);
    waits.push(vault.secondsLeft(lock, 1_000));
  }
  assert.deepEqual(waits, [0, 0, 30, 60, 120, 240, 480, 960, 1800, 1800]);
  assert.equal(vault.mustPurge(lock), true);
  assert.equal(vault.secondsLeft(lock, 1_000 + 1800_000), 0);
  assert.deepEqual([vault.afterRight(lock).wrong, vault.afterRight(lock).until], [0, 0]);
});

test("PINs that are short or guessed first are not taken", () => {
  assert.deepEqual(["12345", "abcdef", "", "１２３４５６", "111111", "123456", "987654", "890123", "482913"].map(vault.pinFault), ["short", "short", "short", "short", "easy", "easy", "easy", "easy", ""]);
});

test("without the server records may be held for so many days, and turning the clock back does not help", () => {
  const standing = { server: 0, holdDays: 7, latest: 0 };
  assert.deepEqual(judge(standing, HOUR), { may: "work", daysLeft: 7 });
  assert.deepEqual(judge(standing, 4 * DAY), { may: "warn", daysLeft: 3 });
  assert.deepEqual(judge(standing, 7 * DAY), { may: "purge", daysLeft: 0 });
  assert.deepEqual(judge({ ...standing, latest: 8 * DAY }, HOUR), { may: "purge", daysLeft: 0 });
});

test("only the server's plain word erases; everything else keeps", () => {
  assert.equal(ruling(403, "device_revoked"), "purge");
  assert.equal(ruling(403, "off_duty_ended"), "purge");
  assert.deepEqual([ruling(403, "csrf"), ruling(404, "device_not_found"), ruling(500, "device_revoked"), ruling(429, "")], ["keep", "keep", "keep", "keep"]);
  assert.deepEqual([ruling(401, ""), ruling(0, "")], ["sign-in", "sign-in"]);
});

test("the clock's offset takes off half the way", () => {
  assert.equal(clockOffset(10_000, 4_000, 6_000), 5_000);
});
