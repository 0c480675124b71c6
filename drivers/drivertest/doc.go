// Package drivertest is the suite every card-reader driver passes on a real pseudo-terminal, and the cable it is run on.
// It knows no protocol: the device's side is a script that the driver's own test brings, written from the vendor's document.
//
// # What a driver brings
//
// A Rig: how to make the driver on a line, how to make a Device, and the keys of the cards that the device knows by
// number. The device answers or pushes on whatever Serve is given, until that fails, and is served again after each
// replug. It writes each of its frames with one call of Write, because the suite damages, tears and cuts frames there.
// A device that is asked (Status.Supervised) is a Polled: it can have a card left on it, and counts how often it is
// asked for one. Two readers on a line are a Neighbour. Rigs of protocols that can promise less say so with Bare and
// Unchecked, and the suite then asks for what is left.
//
// # How the suite waits
//
// On events, and on states that it looks at until they are as they should be. Nothing is expected within a time, but
// for the end of Run; what does not come at all fails after half a minute in words.
package drivertest
