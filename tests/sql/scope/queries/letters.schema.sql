CREATE TABLE a (id int, x int, y int);
CREATE TABLE b (id int, x int, z int);
CREATE TABLE c (id int, y int, z int, w int);
CREATE TABLE "D" ("Id" int, x int, "W" int);
