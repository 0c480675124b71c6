// Package beacon is a Bluetooth LE controller made of software, and the air around it. A program that opens an HCI
// user channel of the Linux kernel can be run with this controller in the place of hci0, unmodified and on a kernel
// without Bluetooth: Exec starts it under a seccomp filter, and Radio, in the testing process, answers the handful of
// system calls that opening the channel takes. After that both sides read and write a socket pair natively.
//
// It is not a radio model: what Air is given is heard at once, in order, by the one program scanning. Advertising,
// connections, scan responses on request and extended (Bluetooth 5) commands are not simulated.
//
// Written from the Bluetooth Core Specification 5.4, Vol 4 Part E (commands, events, error codes) and Part A (packet
// indicator octets), and from the kernel's seccomp_unotify(2).
package beacon
