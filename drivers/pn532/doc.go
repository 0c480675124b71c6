// Package pn532 drives NXP PN532 modules on their serial interface.
package pn532
