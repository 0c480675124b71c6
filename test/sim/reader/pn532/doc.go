// Package pn532 is the device's side of NXP's PN532 on a high-speed UART: frames with checksums, each command
// acknowledged before it is answered. It has no line, no clock and no goroutine.
//
// Written from NXP's "PN532 User Manual" UM0701-02 Rev. 02 (firmware 1.6) and "PN532 C106 application note" AN10609, as far as
// excerpts and recordings gave them: their full text was not at hand. libnfc's programs agree with what was made of it.
// Where the documents are silent, this chip
//   - after power-up and PowerDown hears nothing until the fifth rising edge of the line, as a 55 has, and loses the
//     three octets that follow;
//   - refuses commands that need its antenna with an error frame until SAMConfiguration has taken it out of the mode
//     for a low battery;
//   - meets a frame with a wrong sum with silence;
//   - looks for a card once per try and 5 ms a try, and finds cards only that were not put to sleep (REQA): InDeselect
//     puts a card to sleep, InRelease as an option, and switching the field off wakes them all;
//   - keeps LEDs dark until the pins are written for the first time: its pull-ups are weak.
//
// Not here: other speeds of the line, being a card, cards' memory beyond what a host asks to see whether a card is
// still there, FeliCa, type B and Jewel (polled for and never found).
package pn532
