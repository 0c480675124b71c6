// Package pn532 drives NXP PN532 modules on their serial interface (HSU): it asks for type A cards and switches lights
// that are wired to the chip's outputs. It knows neither students nor sessions.
//
// # Sources
//
// UM0701-02, "PN532 User Manual", Rev. 02 of 5 November 2007 (firmware 1.6): frames (6.2.1), commands (7). AN10609_3, "PN532
// C106 application note", Rev. 1.2: the chip starts in its mode for a low battery, which ends with a wake-up and
// SAMConfiguration. The full text of both was not at hand when this was written: octets are from excerpts, from summaries and
// from recordings of real modules, so the section numbers want checking by somebody who has the manual. No module was at hand.
// The simulated one that this driver was tried with is read rightly by libnfc.
//
// # Cards
//
// UIDs of 4, 7 and 10 octets of ISO/IEC 14443 type A. The chip lists two cards at most, which is enough to tell that there
// is more than one. A search retries once and so ends within some ten milliseconds. After one that found something the
// cards are released and the field goes off for a moment: a card that was selected would not be found again.
//
// # Lights
//
// A module has none of its own. Options.Lights names the outputs of port 3 to which somebody wired some, each through a
// transistor: the chip's outputs are weak. Red and green are needed, blue is worth its wire. Without blue, red and green
// together stand for Ready, and a Fault blinks. P32 and P34 belong to the chip and stay high, as do outputs not wired.
// Before the first command, and for as long as the chip resets, outputs are high: lights shine unless they are inverted.
//
// # Not confirmed
//
// That 200 ms are enough for every answer; the manual names no time. That the wake-up needs no longer a pause than the
// zeros in it. That cards forget within 6 ms without a field that they were selected; ISO/IEC 14443-3 asks for 5.
//
// # Unsupported
//
// Extended frames, which no answer here needs: they are noise. Type B, FeliCa and Jewel cards, other speeds of the chip,
// being a card, and whatever is stored in a card.
package pn532
