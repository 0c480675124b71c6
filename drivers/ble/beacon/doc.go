// Package beacon reads what Bluetooth beacons say about themselves: it turns the bytes of one legacy advertisement into a Frame.
// It does not scan, does not know which beacon belongs to which room, and never allocates or trusts a length.
//
// Implemented: Apple iBeacon, AltBeacon 1.0, Google Eddystone UID, URL, TLM (plain and encrypted, the latter unread) and EID,
// and our own check-in answer of phones. Not supported: scan responses, extended (Bluetooth 5) advertisements, decoding of
// Eddystone URLs, encrypted telemetry and the resolving of ephemeral identifiers.
//
// The layout of advertising data is that of the Bluetooth Core Specification, Vol 3 Part C section 11.
package beacon
