"""The device's side of Pushward: enrol, show what is asked, sign the answer."""
