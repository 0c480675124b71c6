// Package osdp drives card readers that speak OSDP v2.2 (SIA; IEC 60839-11-5) on an RS-485 bus; we are the control
// panel, the readers are peripheral devices. It reports cards and shows lights, and knows neither students nor
// sessions; the line itself belongs to package serialport.
//
// # Spoken here
//
// Plain mode, CRC or checksum; POLL, ID, CAP, LSTAT, LED and BUZ; ACK, NAK, PDID, PDCAP, LSTATR, RAW and BUSY. A bus
// is multi-drop: each reader has its own address, sequence and state.
//
//   - A damaged frame is never a read: every start octet is tried, a frame counts only with its check.
//   - A lost reply is asked for again with the same octets and the same sequence, so that the reader repeats the card
//     it holds. Only when that fails several times does the sequence start again, which makes the reader forget.
//   - A reply counts once: with the sequence of the command in flight, or not at all.
//   - Readers that show Ready are polled in every round, others twice a second; after a card the bus waits a moment
//     for that reader's light, because the light is what a person stands waiting for.
//   - A silent reader is asked at most once a round, at growing intervals: each question costs the others 200 ms.
//
// # Unsupported
//
// The secure channel comes later: a reader that demands it is reported and left alone. KEYPAD is counted and ignored.
// FMT (formatted card data, deprecated) is refused: it has no parity to check. No file transfer, biometrics, text,
// outputs, or COMSET: set address and speed with the vendor's tool.
//
// # Lights
//
// Steady signals are OSDP's permanent colour and momentary ones its temporary colour with a timer, so a reader goes
// back by itself. Blue is not mandatory: a reader that declares bi-colour LEDs (PDCAP function 4, level 3) shows
// Reader.Instead. Levels 1 and 2 say nothing about colours, and many readers declare them whatever they can do; there
// the configured colour is trusted. Readers must be set to "LED on card read: host controlled", or they show green
// before anyone has decided.
package osdp
