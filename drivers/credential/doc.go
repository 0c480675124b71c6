// Package credential turns the many ways a reader reports a card into one canonical key per card.
// It does not know whose card it is, and it keeps nothing.
//
// Keys, hexadecimal letters in upper case, numbers without leading zeros:
//
//	w26:FC:CARD     Wiegand 26 bits (H10301): 8-bit facility, 16-bit card
//	w34:FC:CARD     Wiegand 34 bits: 16-bit facility, 16-bit card
//	w37:FC:CARD     Wiegand 37 bits (H10304): 16-bit facility, 19-bit card. H10302 has no facility; it is
//	                split the same way, which keeps its cards apart just as well
//	uid:HEX         ISO/IEC 14443-3 UID of 4, 7 or 10 octets, most significant octet first
//	em:HEX          EM4100 identifier of 5 octets, as printed in hexadecimal
//	qr:TEXT         a QR or bar code: 8 to 256 printable ASCII characters, case kept, without AIM identifier
//	raw:BITS:HEX    any other string of 16 to 80 bits, left aligned, padding bits zero
//
// The layouts are those of HID's published formats; a reader may send the frame (FromBits), or take it apart and tell
// facility and card as two numbers (FromParts), which gives the same key. The length of a frame that was taken apart
// cannot be told from the numbers, and must be known.
//
// Refused, each with its reason: wrong parity, impossible lengths, numbers that the format has no room for, codes that
// are no text, numbers that are all zeros or all ones (a blank card or a broken data line), and random UIDs, which
// change with every tap. Of these, ErrBlank and ErrRandom speak of the card: it was read as it is, and names nobody.
// The others speak of the reader, its wires or its settings. A random UID that a reader packs into Wiegand 34 cannot be
// told from a card number: such readers must be set to send the card's access number instead.
package credential
