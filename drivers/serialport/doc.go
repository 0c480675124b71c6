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
// Lines are 8N1 without flow control. RS-485 direction switching is left to the adapter or the device tree, the
// latency timer of USB adapters to udev. Arbitrary baud rates are unsupported: see Bauds.
package serialport
