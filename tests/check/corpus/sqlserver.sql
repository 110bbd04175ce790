USE [shop]
GO
CREATE TABLE [dbo].[customer] (
    [id] INT IDENTITY(1,1) NOT NULL
);
GO
CREATE TABLE customer (id uniqueidentifier PRIMARY KEY, made datetime2 DEFAULT getdate());
