// Package osdp drives card readers that speak OSDP v2.2 (SIA; IEC 60839-11-5) on an RS-485 bus; we are the control
// panel, the readers are peripheral devices. It reports cards and shows lights, and knows neither students nor
// sessions of teaching; the line itself belongs to package serialport, the keys on disk to package keyring.
//
// # Spoken here
//
// CRC or checksum, in plain or under the secure channel (security blocks 11 to 18). Commands POLL, ID, CAP, LSTAT, LED,
// BUZ, COMSET, CHLNG, SCRYPT and KEYSET; replies ACK, NAK with all its codes, PDID, PDCAP, LSTATR, RAW, KEYPAD, COM,
// CCRYPT, RMAC_I and BUSY. A bus is multi-drop: each reader has its own address, sequence, session and state.
//
//   - A damaged frame is never a read: every start octet is tried, a frame counts only with its check.
//   - A lost reply is asked for again with the same octets and the same sequence, so that the reader repeats the card
//     it holds; a session goes on through that. Only when that fails several times does the sequence start again, which
//     makes the reader forget, and ends the session.
//   - A reply counts once: with the sequence of the command in flight, or not at all.
//   - A reader reports a presentation once. One that reports the same card in poll after poll, or again within 300 ms,
//     sooner than a hand can present it, has it lying there: that is one read. So is a card whose number is another one
//     each time, which is reported as unsuitable.
//   - Readers that show Ready are polled in every round, others twice a second; after a card the bus waits a moment
//     for that reader's light, because the light is what a person stands waiting for. Cycle says how long a round is.
//   - A silent reader is asked at most once a round, at growing intervals: each question costs the others 200 ms.
//   - A reader whose card nobody takes is not polled, only asked how it is (LSTAT): a poll would bring the next card.
//
// # Security
//
// OSDP leaves encryption to the reader's word and to a key that the standard prints. Whoever gets at the two wires can
// then speak in a reader's place. So a reader either has no key here, and is believed in plain, or it has one, and:
//
//   - Nothing it says outside a session under that key is believed, whatever it claims to be able to. The plain ID with
//     which a meeting begins only shows that somebody is there. Of what comes in plain inside a session, BUSY and NAK 1
//     make us wait or ask again, any other NAK ends the session, and everything else does too. None of that downgrades:
//     what follows is another handshake, never plain.
//   - A wrong message authentication code, a wrong cryptogram or a wrong seal ends the session at once, is counted
//     (bus_exchanges_total{result="mac"}, sessions_total{result="broken"|"refused"}), and the session is made anew with
//     a new random number. Codes are compared in constant time. Three failures in a row, and the reader is asked rarely.
//   - A key that cannot be read, or is gone, leaves the reader unused: a lost file must not open it. Reader.Secure says
//     the same of a reader that never had one.
//   - The key that everybody knows (SCBK-D) is used by InstallKey alone, for five minutes at most, and for one command:
//     KEYSET of a random key. A reader is not polled meanwhile, so it gives no card.
//   - Keys are changed by people only. The new one is on disk before it goes out, and counts when a session under it
//     stands; after a power cut in between, the reader is met under it, and the next InstallKey goes on with it.
//   - Keys, card numbers and the digits of keypads are not logged. Digits are not even kept.
//
// A reader that sends data under a code without a seal, or under a block of the panel's, is believed, since the code
// shows who it is; that it shows card numbers to whoever listens is its maker's choice. Only four octets of a code are on
// the line: a forged reply is let through once in four thousand million, and each one that is not costs a session.
//
// # Unsupported
//
// FMT (formatted card data, deprecated) is refused: it has no parity to check. KEYPAD is counted and ignored, MFGREP
// ignored; other replies are counted as unknown. No file transfer, biometrics, text, inputs, outputs or smart cards. A
// key is not replaced by another one over the channel, and address and speed of a reader change by Move alone, one
// reader at a time; the bus then expects it at its new place only after its configuration has followed.
//
// # Lights
//
// Steady signals are OSDP's permanent colour and momentary ones its temporary colour with a timer, so a reader goes
// back by itself. Blue is not mandatory: a reader that declares bi-colour LEDs (PDCAP function 4, level 3) shows
// Reader.Instead. Levels 1 and 2 say nothing about colours, and many readers declare them whatever they can do; there
// the configured colour is trusted. Readers must be set to "LED on card read: host controlled", or they show green
// before anyone has decided.
package osdp
