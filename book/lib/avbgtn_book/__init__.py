"""What the book needs beside the library: a folder for each chapter, what chapters share, and the records."""
