// Package twn4 drives Elatec TWN4 readers that run the vendor's Simple Protocol: it asks for cards, shows lights, beeps.
// It knows neither students nor sessions.
//
// # Sources
//
// "TWN4 Simple Protocol", DocRev25 of 29 April 2022: lines, CRC and the reference messages (1.3), commands (1.5), tag types
// (annex A). "TWN4 API Reference", DocRev28 of the same day: what the functions behind the commands do (6.2, 6.3, 10).
// No reader was at hand. Conversations were tried with devices written from these documents alone.
//
// # Setting up a reader
//
// It needs a firmware with PRS in its name (TWN4_Cx…_PRS….bix) in ASCII mode. As delivered that runs at 9600 baud without
// CRC. On USB the speed has no meaning and the wire has a check of its own; on a serial wire of some length have the app
// built with CRC on, and say so in Options.CRC. Without it a card is believed when two replies agree.
//
// # Cards
//
// Searched for are type A cards (MIFARE, DESFire: a UID), EM4102 (5 octets), and HID Prox (its bits, left aligned, Wiegand
// formats by their number; the reader needs its option P). A card that is two of these at once would be two cards, and the
// second one unknown: restrict Options.Tags then. Two type A cards at once are found with ISO14443A_SearchMultiTag, which
// is asked when a card appears. Two cards at 125 kHz, or one of each frequency, cannot be told from one after the other.
//
// # Lights
//
// Red, green and a third one that is yellow or, on some models, blue (Options.Blue). Amber is red and green together. A
// model without blue shows Ready in yellow, and a Fault blinks, since amber looks like it. The host switches every light.
//
// # Not confirmed
//
// Which models have a blue light: the API reference knows a yellow one alone. Whether HID Prox comes left aligned as
// ICLASS_GetPACBits does in its example, and in which order EM4102 comes (Options.Order turns both UIDs and EM4102
// around). How long a search takes; 600 ms are allowed. Whether Beep holds up the commands after it; that is allowed for.
// Whether a search disturbs the one for several cards.
//
// # Unsupported
//
// Binary mode, other kinds of cards, and whatever is stored in a card.
package twn4
