"""Where facts are kept: tables, one queries module per topic, migrations."""
