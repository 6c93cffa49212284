"""The measures anyone can repeat on files, without an instance: `huying evaluate …`."""
