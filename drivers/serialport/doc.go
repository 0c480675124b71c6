// Package serialport keeps one serial line to card readers: it opens the device, notices that the cable was pulled,
// and opens it again when it comes back. It knows octets and their arrival times; frames belong to the drivers.
//
// It is the only importer of github.com/tarm/serial and works around what that module does not do:
//
//   - An idle read ends with io.EOF after the read timeout, and after a hang-up every read ends with io.EOF at once.
//     Three early ends in a row, or EIO, are a hang-up; a slow end is an idle line.
//   - Close waits for a Read in progress, for ever if that has no timeout. Reads here last 100 ms at most, so Close does too.
//   - The module lets two programs open one line and share its octets. A second descriptor holds an advisory lock.
//   - A write has no time limit. Port.Write waits for room first and gives up after WriteWithin.
//   - Octets that waited in the driver before the open belong to nobody: they are thrown away once, after opening.
//
// Beyond that it asks the kernel, through the second descriptor, for what a port may have. What it has not is advice in
// State and no fault, for the line works without it, only worse:
//
//   - Options.RS485 has the port turn an RS-485 line round (TIOCSRS485, Documentation/driver-api/serial/serial-rs485.rst);
//     what the port made of it is read back. UARTs of a Raspberry Pi can, USB adapters turn round by themselves.
//   - The latency timer of an FTDI adapter, 16 ms by default, is read from sysfs. Where no udev rule has set it to 1 ms
//     the flag ASYNC_LOW_LATENCY is tried.
//   - Framing errors (TIOCGICOUNT) are looked at once a second: many of them are a reader at another speed, whose octets
//     the kernel drops (IGNPAR), so that it looks silent.
//
// Lines are 8N1 without flow control. Arbitrary baud rates are unsupported: see Bauds.
package serialport
