-- A shop as mysqldump writes it.
/*!40101 SET NAMES utf8mb4 */;
DROP DATABASE IF EXISTS shop;
CREATE DATABASE shop;
USE shop;

CREATE TABLE `customer` (
  `id` INT NOT NULL AUTO_INCREMENT,
  `name` VARCHAR(40) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE orders (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY
);

CREATE TABLE invoice (
  id bigint PRIMARY KEY,
  state TINYINT NOT NULL
);

CREATE TABLE invoice_line (
  id bigint PRIMARY KEY,
  invoice_id bigint NOT NULL,
  KEY by_invoice (invoice_id)
);

LOCK TABLES `customer` WRITE;
INSERT INTO `customer` VALUES (1, 'It''s one');
INSERT INTO `customer` VALUES (2, 'It''s two');
UNLOCK TABLES;

CREATE TABLE payment (amount money NOT NULL);
