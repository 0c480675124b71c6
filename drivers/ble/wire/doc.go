// Package wire is what a Bluetooth worker tells its gateway over their Unix socket: adverts heard, how the adapter
// does, and, last, why the worker gives up. It carries bytes and knows neither radios nor beacons.
//
// A record is one length octet, one type octet and a body; the length counts type and body. Multi-octet numbers are
// big-endian. A stream begins with Hello. Every type has its own exact or bounded size, so a reader never allocates and
// never waits for more than 255 octets. Both ends are the same program, but systemd may start them apart and an upgrade
// may mix two versions: Hello settles that.
package wire
