//go:build unix

package b

import (
	"testing"

	"example.com/worlds"
)

func TestPlainb1(t *testing.T) { worlds.Need(t) }

func TestPlainb2(t *testing.T) { worlds.Need(t) }

func TestPlainb3(t *testing.T) { worlds.Need(t) }

//cohort:label db
func TestDBb1(t *testing.T) { worlds.Need(t, "db") }

//cohort:label db
func TestDBb2(t *testing.T) { worlds.Need(t, "db") }

//cohort:label db
func TestDBb3(t *testing.T) { worlds.Need(t, "db") }

//cohort:label db
func TestDBb4(t *testing.T) { worlds.Need(t, "db") }

//cohort:label mail
func TestMailb1(t *testing.T) { worlds.Need(t, "mail") }

//cohort:label mail
func TestMailb2(t *testing.T) { worlds.Need(t, "mail") }

//cohort:label db mail
//cohort:group steps
func TestStepbOne(t *testing.T) { worlds.Need(t, "db", "mail") }

//cohort:group steps
func TestStepbTwo(t *testing.T) { worlds.Need(t, "db", "mail") }

//cohort:label rows
func TestRowsb1(t *testing.T) { worlds.Need(t, "rows") }

//cohort:label rows
func TestRowsb2(t *testing.T) { worlds.Need(t, "rows") }

//cohort:label db rows
func TestRowsb3(t *testing.T) { worlds.Need(t, "db", "rows") }

//cohort:label mail rows
//cohort:group rows
func TestRowsbOne(t *testing.T) { worlds.Need(t, "mail", "rows") }

//cohort:label mail rows
//cohort:group rows
func TestRowsbTwo(t *testing.T) { worlds.Need(t, "mail", "rows") }
