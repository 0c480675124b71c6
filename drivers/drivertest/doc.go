// Package drivertest is the suite every card-reader driver passes on a real pseudo-terminal, and the cable it is run on.
// It knows no protocol: the device's side is a script that the driver's own test brings, written from the vendor's document.
package drivertest
