// Package osdp is the device's side of OSDP v2.2 in plain mode: what a card reader (peripheral device, PD) does with
// the frames of a control panel (ACU). It has no line, no clock and no goroutine: octets and the time come in as
// arguments, replies go out as octets.
//
// It is written from the published standard (SIA OSDP v2.2, IEC 60839-11-5) and from recorded traffic, and shares no
// code with the product's own driver. Where the standard leaves a choice, real readers decide:
//   - a frame with a wrong check, for another address or sent by another device is met with silence;
//   - an LED record whose unused half is not all zeros is acknowledged and ignored, as readers in the field do
//     (issue 53 of OSDP.Net);
//   - after eight seconds without a command the LED goes dark and only sequence 0 is taken.
//
// Not here: the secure channel (NAK 5), inputs, keypads, file transfer, smart-card pass-through (NAK 3).
package osdp
