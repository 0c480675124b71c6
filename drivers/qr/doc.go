// Package qr drives QR and bar code scanners on a serial line, which send each code as a line of text by themselves. It
// reports codes as they are printed or displayed; what a code says, and whether it is still good, it does not know.
//
// # Line
//
// A line ends with CR, LF or both; scanners are set to one of these as suffix, with no prefix but, where somebody wants
// it, the AIM identifier (ISO/IEC 15424: ] and two characters, ]Q1 for most QR codes). Everything else of the line is
// the code: see credential.FromCode for what is one. A code that is held to the window and sent again and again is one
// tap. Lines longer than a code are dropped while they arrive, and refused once.
//
// There is no standard of how scanners speak, nor of commands to them. Written from what the programming guides of
// Zebra (DS457, appendix E: AIM identifiers), Grow (GM65: serial output) and NCR (7895) have in common. There is no
// check: an octet damaged on the line is another code, which then names nobody. Fit a short cable.
//
// # Lights
//
// A scanner beeps by itself when it has read a code, which says nothing of attendance: switch that off. It shows what
// Options.Feedback sends, if its manual has commands for that; without it, Status says that it has no light.
//
// # Unsupported
//
// Setting a scanner up, triggering it (it must be set to read continuously or by itself), codes with other characters
// than printable ASCII, and several scanners on a line. A scanner cannot be asked whether it lives.
package qr
