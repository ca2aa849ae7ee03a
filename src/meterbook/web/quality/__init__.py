"""How complete and how sure the readings are: meters by days, and registers at midnight."""
