// Package osdp is the device's side of OSDP v2.2: what a card reader (peripheral device, PD) does with the frames of a
// control panel (ACU), in the clear and through a secure channel. It has no line, no clock and no goroutine: octets and
// the time come in as arguments, replies go out as octets.
//
// It is written from the published standard (SIA OSDP v2.2, IEC 60839-11-5) and from recorded traffic, and shares no
// code with the product's own driver. Where the standard leaves a choice, real readers decide:
//   - a frame with a wrong check, for another address or sent by another device is met with silence;
//   - an LED record whose unused half is not all zeros is acknowledged and ignored, as readers in the field do
//     (issue 53 of OSDP.Net);
//   - after eight seconds without a command the LED goes dark, a session ends and only sequence 0 is taken;
//   - whatever breaks a session (a wrong MAC, a command in the clear, sequence 0) ends it, and is answered in the
//     clear with NAK 6; so is a CHLNG that names a key the reader has not got (libosdp issue 39). NAK 5 is for blocks
//     it cannot know: all of them when it has no secure channel, those of devices, those that do not exist;
//   - a panel that does not know the key gets an RMAC_I that rejects it, without a MAC, not a NAK;
//   - a session outlives the KEYSET made in it, unless Options.EndsOnKeySet says otherwise.
//
// Panels by others have been run against it: libosdp 3.2.0 (in the clear, under its own key, installation with KEYSET,
// several readers on a line, COMSET, checksums, lost frames), OSDP-Embedded of Z-bit Systems (in the clear, both keys),
// SIA's conformance tester 1.111 (in the clear, the default key, KEYSET) and OSDP Python (in the clear; after KEYSET it
// goes on asking for the default key, which is refused).
//
// Not here: inputs, file transfer, smart-card pass-through, manufacturers' commands (NAK 3).
package osdp
