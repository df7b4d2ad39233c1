"""What can be asked, and what is answered: frozen specs and results with one JSON form."""
